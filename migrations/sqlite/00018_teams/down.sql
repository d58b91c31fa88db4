DROP TABLE project_members;
DROP TABLE projects;
DROP TABLE team_invitations;
DROP TABLE team_members;
DROP TABLE teams;
